-- A journal as kodisc-jupyter 0.1.0 wrote it.
BEGIN TRANSACTION;
CREATE TABLE renders (
    seq INTEGER PRIMARY KEY,
    render_id TEXT NOT NULL UNIQUE, reuse_key TEXT NOT NULL, code_sha256 TEXT NOT NULL, scene TEXT NOT NULL, quality TEXT NOT NULL, aspect_ratio TEXT NOT NULL, fps INTEGER NOT NULL, backend TEXT NOT NULL, identity TEXT NOT NULL, unlimited INTEGER NOT NULL, title TEXT NOT NULL, notebook TEXT NOT NULL, session TEXT NOT NULL, owner TEXT NOT NULL, created_at REAL NOT NULL, step TEXT NOT NULL, phase TEXT NOT NULL, job_id TEXT, attempts INTEGER NOT NULL, uncertain_attempts INTEGER NOT NULL, accepted_at REAL, ended_at REAL, credits NUMERIC, duration_ms INTEGER, balance_before TEXT, balance_after TEXT, video_url TEXT, poster_url TEXT, captions_url TEXT, video TEXT, video_bytes INTEGER, error TEXT, note TEXT NOT NULL, superseded INTEGER NOT NULL
);
INSERT INTO "renders" VALUES(1,'r1','8b96ee710bb2418dfae112ae6794b16ab9ba6c4ff3e4db400ab9a4f7669de57f','d215b87397527a478c89a0d1d8cc389d5a858f01ba8fdb725c04a5620f3e6500','Done','low','16:9',15,'cloud','cloud:https://kodisc.example/api/v2',0,'Done','lesson.ipynb','s1','{"pid": 4711, "started": "123456", "place": "elsewhere pid:[1] boot"}',1767225601.0,'completed','completed','job00001',1,0,1767225601.0,1767225609.0,51,8000,'{"paid": 1840, "free": 200, "total": 2040}','{"paid": 1840, "free": 149, "total": 1989}','https://cdn.example/r/job00001/video.mp4','https://cdn.example/r/job00001/thumb.jpg','https://cdn.example/r/job00001/captions.vtt','/nowhere/media/job00001/video.mp4',19,NULL,'',0);
INSERT INTO "renders" VALUES(2,'r2','b56869954cc16e3dd3e888d28b5bd1cd77a921cf8248d8439f94ee93d288748f','47ab85e8c519f71d412c755e517a5f08cb44c70b49d7f96ac2991f1b5714ef81','Open','low','16:9',15,'cloud','cloud:https://kodisc.example/api/v2',0,'Open','lesson.ipynb','s1','{"pid": 4711, "started": "123456", "place": "elsewhere pid:[1] boot"}',1767225602.0,'accepted','queued','job00002',1,0,1767225602.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'',0);
INSERT INTO "renders" VALUES(3,'r3','730fbaf83c2a072b535bb0ee919b2d0930e396bdef90f9fb0fa111e0067ed308','29fa3e7b51f2516faf57994b600c574d1bf36c965789bdcc58e0d2a3de2a772b','Doubt','low','16:9',15,'cloud','cloud:https://kodisc.example/api/v2',0,'Doubt','lesson.ipynb','s1','{"pid": 4711, "started": "123456", "place": "elsewhere pid:[1] boot"}',1767225603.0,'uncertain','',NULL,1,1,NULL,1767225605.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'',0);
CREATE TABLE shown (
    render_id TEXT NOT NULL, session TEXT NOT NULL, notebook TEXT NOT NULL, at REAL NOT NULL
);
INSERT INTO "shown" VALUES('r1','s1','lesson.ipynb',1767225700.0);
CREATE UNIQUE INDEX one_open_render ON renders (reuse_key)
    WHERE step IN ('accepted', 'intent', 'posting') AND superseded = 0;
CREATE INDEX renders_by_key ON renders (reuse_key, seq);
CREATE INDEX renders_by_job ON renders (job_id);
CREATE INDEX renders_by_scene ON renders (identity, quality, scene);
CREATE INDEX renders_by_step ON renders (step);
COMMIT;
PRAGMA user_version = 1;
