using System.Security.Cryptography;

namespace Morag.Failover.Dashboard;

/// <summary>A file that the pages need, such as the style sheet.</summary>
public sealed class DashboardAsset
{
    private static readonly Dictionary<string, DashboardAsset> All = new[]
    {
        Load("dashboard.css", "text/css; charset=utf-8"),
        Load("dashboard.js", "text/javascript; charset=utf-8"),
        Load("search.js", "text/javascript; charset=utf-8"),
        Load("icon.svg", "image/svg+xml"),
    }.ToDictionary(asset => asset.Name, StringComparer.Ordinal);

    private DashboardAsset(string name, string contentType, byte[] content)
    {
        (Name, ContentType, Content) = (name, contentType, content);
        Digest = Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 8));
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its media type.</summary>
    public string ContentType { get; }

    /// <summary>Its bytes.</summary>
    public ReadOnlyMemory<byte> Content { get; }

    /// <summary>Changes with the content.</summary>
    public string Digest { get; }

    /// <summary>Its address, which changes with the content, so that browsers can keep it.</summary>
    public string Address => $"/assets/{Name}?v={Digest}";

    /// <summary>The asset with this name; null if there is none.</summary>
    public static DashboardAsset? Find(string name) => All.GetValueOrDefault(name);

    /// <summary>The address of an asset.</summary>
    public static string AddressOf(string name) => All[name].Address;

    private static DashboardAsset Load(string name, string contentType)
    {
        using var stream = typeof(DashboardAsset).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The asset {name} is missing from the assembly");
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return new(name, contentType, content);
    }
}
