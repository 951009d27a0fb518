module internal Runa.Session.Tests.SessionRecordTests

let internal nothing = ()
