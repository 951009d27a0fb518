module internal Runa.Session.Tests.KestrelTests

let internal nothing = ()
