namespace Shop.Model;

/// <summary>"Firefox on Linux", for the list of devices.</summary>
public static class Device
{
    public static string Of(string? userAgent) =>
        $"{First(userAgent, "Another browser", ("Firefox", "Firefox"), ("Edg/", "Edge"), ("Chrome", "Chrome"), ("Safari", "Safari"), ("curl", "curl"))}"
        + First(userAgent, "", ("Windows", " on Windows"), ("Android", " on Android"), ("iPhone", " on iPhone"), ("Mac OS", " on macOS"), ("Linux", " on Linux"));

    private static string First(string? userAgent, string otherwise, params (string Mark, string Name)[] names) =>
        names.FirstOrDefault(name => userAgent?.Contains(name.Mark, StringComparison.Ordinal) == true).Name ?? otherwise;
}
