module internal Runa.Session.Tests.SessionLifecycleTests

let internal nothing = ()
