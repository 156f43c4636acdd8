"""The main job on a simulated county (模拟县): from what people really have to offers, loans and a book.

An institution and three funders, people, dealers, shops and farms (`credit.county`, where the truth is known); models
are trained on its past, its new applications decided, offers accepted, instalments paid or not, every night closed.
Nothing here is special to the demonstration but the people: each step is a workflow that a lender uses too.
"""
