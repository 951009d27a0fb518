module internal Runa.Session.Tests.CodecTests

let internal nothing = ()
