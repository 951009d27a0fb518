module internal Runa.Session.Tests.SessionStateTests

let internal nothing = ()
