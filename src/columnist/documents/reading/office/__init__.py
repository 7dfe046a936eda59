"""Texts, sheets and slides of office programs: Office Open XML, OpenDocument and RTF."""
