/// To be filled.
module internal Runa.Session.Tests.Drivers

let internal nothing = ()
