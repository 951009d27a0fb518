module internal Runa.Session.Tests.PromiseTests

let internal nothing = ()
