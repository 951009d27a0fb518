using Runa;

namespace Shop.Model;

/// <summary>What the sessions hold, each key made once.</summary>
public static class Keys
{
    public static readonly SessionKey<int> Visits = new("visits");

    /// <summary>How many of each product.</summary>
    public static readonly SessionKey<Dictionary<string, int>> Cart = new("cart");

    /// <summary>In the session "admin".</summary>
    public static readonly SessionKey<List<string>> Notes = new("notes");

    /// <summary>Shown once, by the page after a redirect.</summary>
    public static readonly SessionKey<string> Notice = new("notice");
}
