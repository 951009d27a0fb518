namespace Runa.Session.Conformance
