module internal Runa.Session.Tests.NearestTests

let internal nothing = ()
