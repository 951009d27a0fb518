module internal Runa.Session.Tests.CommitTests

let internal nothing = ()
