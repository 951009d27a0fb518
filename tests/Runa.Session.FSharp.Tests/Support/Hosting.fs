/// To be filled.
module internal Runa.Session.Tests.Hosting

let internal nothing = ()
