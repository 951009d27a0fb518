module internal Runa.Session.Tests.FaultTests

let internal nothing = ()
