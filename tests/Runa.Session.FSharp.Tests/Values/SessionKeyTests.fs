module internal Runa.Session.Tests.SessionKeyTests

let internal nothing = ()
