namespace CSharp.Tests.Drivers;

/// <summary>Records as their documents: what a driver gets.</summary>
internal static class Records
{
    public static readonly DateTimeOffset Now = new(2030, 1, 2, 1, 4, 5, TimeSpan.Zero);

    public static readonly StoreKey Key = StoreKey.FromBytes(Enumerable.Range(0, 16).Select(n => (byte)n).ToArray());

    private const string Live =
        """
        {"format":1,"version":"-5","scope":"shop/web","created":"2030-01-02T01:04:05.0000000Z",
         "signed_in":"2030-01-02T01:04:05.0000000Z","seen":"2030-01-02T01:04:05.0000000Z",
         "expires_at":"2030-01-02T03:04:05.0000007Z","idle_expires_at":"2030-01-02T01:34:05.0000000Z",
         "owner":"alice","values":{"cart":["secret"]}}
        """;

    public static StoredSession Alice { get; } = StoredSession.Parse(Live);

    public static StoredSession Tombstone { get; } = StoredSession.Parse(
        $$"""
        {"format":1,"version":"6","scope":"shop/web","moved_to":"{{Key.ToText()}}","created":"2030-01-02T01:04:05.0000000Z",
         "seen":"2030-01-02T01:04:05.0000000Z","expires_at":"2030-01-02T01:06:05.0000000Z","owner":"alice"}
        """);
}
