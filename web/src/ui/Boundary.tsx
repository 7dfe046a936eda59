/** Replaces a screen that has failed, or could not be loaded. */
import { Component, type ReactNode } from "react";
import { sentence } from "../api/client";
import styles from "./parts.module.css";

export class Boundary extends Component<{ path: string; children: ReactNode }, { error: unknown }> {
  state = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  componentDidUpdate(before: { path: string }) {
    if (before.path !== this.props.path && this.state.error !== null) this.setState({ error: null });
  }

  render() {
    if (this.state.error === null) return this.props.children;
    return (
      <main className={styles.empty} id="main">
        <h1>This screen has failed</h1>
        <p>Your saved data is safe. If it fails again after a reload, tell the people who run this server:</p>
        <p className="muted">{sentence(this.state.error)}</p>
        <button className="primary" onClick={() => location.reload()}>
          Reload the page
        </button>
      </main>
    );
  }
}
