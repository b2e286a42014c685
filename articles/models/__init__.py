"""The models of the write side (articles, revisions), of the read side (publications, readers' figures), and of what both refer to."""

from articles.models.article import Article, ArticleAuthor, Block, Kind, Page
from articles.models.history import AuditEntry, Comment, Presence, Revision
from articles.models.images import ImageAsset
from articles.models.imports import ImportedPost, ImportTrace, PostImport
from articles.models.leads import MostRead, Pin
from articles.models.lists import ArticleAct, ArticleActBatch, SavedList
from articles.models.pictures_used import ImageUse
from articles.models.preview_links import PreviewLink
from articles.models.publication import ArticleFrame, Publication, PublicationAuthor, Redirect, RelatedRefresh
from articles.models.readership import (
    CampaignFigures,
    DayFigures,
    DaySalt,
    LeftOut,
    Outcome,
    OutcomeFigures,
    PageFigures,
    PageView,
    SourceFigures,
)
from articles.models.taxonomy import Author, Category, Series, Snippet, Tag
from articles.models.templates import ArticleTemplate

__all__ = [
    "Article",
    "ArticleAct",
    "ArticleActBatch",
    "ArticleAuthor",
    "ArticleFrame",
    "ArticleTemplate",
    "AuditEntry",
    "Author",
    "Block",
    "CampaignFigures",
    "Category",
    "Comment",
    "DayFigures",
    "DaySalt",
    "ImageAsset",
    "ImageUse",
    "ImportTrace",
    "ImportedPost",
    "Kind",
    "LeftOut",
    "MostRead",
    "Outcome",
    "OutcomeFigures",
    "Page",
    "PageFigures",
    "PageView",
    "Pin",
    "PostImport",
    "Presence",
    "PreviewLink",
    "Publication",
    "PublicationAuthor",
    "Redirect",
    "RelatedRefresh",
    "Revision",
    "SavedList",
    "Series",
    "Snippet",
    "SourceFigures",
    "Tag",
]
