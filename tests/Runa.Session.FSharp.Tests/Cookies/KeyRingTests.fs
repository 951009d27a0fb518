module internal Runa.Session.Tests.KeyRingTests

let internal nothing = ()
