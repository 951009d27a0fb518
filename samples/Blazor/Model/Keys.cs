using Runa;

namespace Sample.Blazor.Model;

/// <summary>What the session holds, each key made once.</summary>
public static class Keys
{
    public static readonly SessionKey<int> Visits = new("visits");

    /// <summary>Counted by the interactive component.</summary>
    public static readonly SessionKey<int> Count = new("count");

    public static readonly SessionKey<int> Reports = new("reports");

    /// <summary>Shown once, by the page after a redirect.</summary>
    public static readonly SessionKey<string> Notice = new("notice");
}
