using Runa.Session;
using Xunit;

namespace CSharp.Tests.Codecs;

/// <summary>Values through a session: set under a key, and read back from its text.</summary>
internal static class Stored
{
    public static T RoundTrip<T>(T value) => RoundTrip(value, new SessionKey<T>("k"));

    public static T RoundTrip<T>(T value, SessionKey<T> key)
    {
        var found = SessionModule.decode(key, SessionModule.set(key, value, SessionModule.empty("web")));
        Assert.True(found.IsOk, found.IsError ? found.ErrorValue.Reason : "");
        return found.ResultValue!.Value;
    }

    public static string Json<T>(T value) => SessionModule.toJson(SessionModule.set(new SessionKey<T>("k"), value, SessionModule.empty("web")));

    /// <summary>What a session that holds this text reads as; an error's reason where it cannot be read.</summary>
    public static (T? Value, string? Error) Read<T>(string json, SessionKey<T>? key = null)
    {
        var raw = new SessionKey<string>("k", SessionCodec.Create<string>(text => text, text => text));
        var found = SessionModule.decode(key ?? new SessionKey<T>("k"), SessionModule.set(raw, json, SessionModule.empty("web")));
        return found.IsOk ? (found.ResultValue!.Value, null) : (default, found.ErrorValue.Reason);
    }

    public static string Refused<T>(T value) =>
        Assert.Throws<NotSupportedException>(() => SessionModule.set(new SessionKey<T>("k"), value, SessionModule.empty("web"))).Message;
}
