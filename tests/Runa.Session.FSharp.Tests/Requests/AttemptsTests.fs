module internal Runa.Session.Tests.AttemptsTests

let internal nothing = ()
