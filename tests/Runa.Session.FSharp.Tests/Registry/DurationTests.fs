module internal Runa.Session.Tests.DurationTests

let internal nothing = ()
