namespace Morag.Failover.Dashboard;

/// <summary>Who looks at a page.</summary>
/// <param name="Name">The name of the token; null if it has none, or if the node requires none.</param>
/// <param name="Role">What the token allows, as a wire name; null if the node requires no token.</param>
/// <param name="CanAct">Whether the viewer may change something.</param>
public sealed record Viewer(string? Name, string? Role, bool CanAct)
{
    /// <summary>The viewer of a node that requires no token.</summary>
    public static Viewer Anyone { get; } = new(null, null, CanAct: true);
}

/// <summary>The hidden field that protects forms against requests from other sites.</summary>
/// <param name="Field">Its name.</param>
/// <param name="Value">Its value.</param>
public sealed record FormGuard(string Field, string Value);

/// <summary>What every page shows around its own content.</summary>
public sealed record PageFrame
{
    /// <summary>The path of the page with its query, such as <c>/tasks?state=parked</c>.</summary>
    public required string Address { get; init; }

    /// <summary>The node that serves the page.</summary>
    public required string Node { get; init; }

    /// <summary>The time of the page.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Who looks at it; null if nobody has signed in.</summary>
    public Viewer? Viewer { get; init; }

    /// <summary>Protects its forms.</summary>
    public required FormGuard Guard { get; init; }

    /// <summary>The HTTP addresses of the other nodes, for when this one stops answering.</summary>
    public ImmutableArray<string> OtherNodes { get; init; } = [];

    /// <summary><c>dark</c> or <c>light</c>; null follows the browser.</summary>
    public string? Theme { get; init; }

    /// <summary>The parts of the state that did not answer, so that the page is incomplete.</summary>
    public ImmutableArray<string> Missing { get; init; } = [];

    /// <summary>What an action just did; null if none.</summary>
    public string? Notice { get; init; }

    /// <summary>Whether the page can be refreshed while somebody looks at it.</summary>
    public bool Live { get; init; } = true;

    /// <summary>Whether the viewer may change something.</summary>
    public bool CanAct => Viewer is { CanAct: true };

    /// <summary>The path without the query.</summary>
    public string Path => Address.Split('?')[0];

    /// <summary>This page's address with one parameter of the query changed, or removed if the value is null.</summary>
    public string With(string name, string? value) => PageAddress.With(Address, name, value);
}
