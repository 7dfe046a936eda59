"""Sets of questions to start from, and a question for a column's title."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from columnist.api.context import CurrentConnection, CurrentUser, LongDesk
from columnist.api.guarded import GuardedRoute
from columnist.api.parameters import TemplateId
from columnist.desk.suggestion import Suggestion
from columnist.reviews import templates
from columnist.reviews.columns_file import Columns, Input, Line
from columnist.reviews.model import Format
from columnist.reviews.templates import Template

router = APIRouter(prefix="/tabular", tags=["templates"], route_class=GuardedRoute)


class TemplateInput(Input):
    """Your own template."""

    name: Line
    columns: Annotated[Columns, Field(min_length=1)]


class TemplateList(BaseModel):
    """The built-in templates, then your own."""

    templates: list[Template]


class TitleInput(Input):
    """A column's title, and its format if that is decided."""

    name: Line
    format: Format | None = None


@router.get("/templates")
async def list_templates(connection: CurrentConnection) -> TemplateList:
    """The built-in templates, then your own."""
    return TemplateList(templates=await templates.list_templates(connection))


@router.get("/templates/{template_id}")
async def get_template(template_id: TemplateId, connection: CurrentConnection) -> Template:
    """One template."""
    return await templates.get_template(connection, template_id)


@router.post("/templates", status_code=201)
async def create_template(body: TemplateInput, user: CurrentUser, connection: CurrentConnection) -> Template:
    """Create a template."""
    return await templates.create_template(connection, user, body.name, [column.spec() for column in body.columns])


@router.put("/templates/{template_id}")
async def put_template(template_id: TemplateId, body: TemplateInput, connection: CurrentConnection) -> Template:
    """Replace one of your own templates."""
    specs = [column.spec() for column in body.columns]
    return await templates.put_template(connection, template_id, body.name, specs)


@router.delete("/templates/{template_id}", status_code=204)
async def delete_template(template_id: TemplateId, connection: CurrentConnection) -> None:
    """Delete one of your own templates."""
    await templates.delete_template(connection, template_id)


@router.post("/columns/suggest-prompt")
async def suggest_prompt(body: TitleInput, desk: LongDesk) -> Suggestion:
    """Suggest a question for a column's title."""
    return await desk.suggest(body.name, body.format)
