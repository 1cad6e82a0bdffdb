-- Schema, version 7: where a probe stands, as its owner declared. `public`: a public building, whose owner agreed that figures of
-- its commune may be those of this one site. `person`: someone's home. NULL: not declared; releases take it for a home.
ALTER TABLE probe ADD COLUMN host TEXT;
