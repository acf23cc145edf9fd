namespace Morag.Failover.Node.Configuration;

/// <summary>One setting of the node that the command line and the environment may give, too.</summary>
/// <param name="Name">Its name under <c>morag</c>, and with two dashes on the command line.</param>
/// <param name="Meaning">What it is, for <c>--help</c>.</param>
internal sealed record NodeSetting(string Name, string Meaning)
{
    public static readonly NodeSetting Redis = new("redis", "connection string of Redis; empty: the node starts its own");
    public static readonly NodeSetting Data = new("data", "folder of what the node keeps on disk");
    public static readonly NodeSetting Http = new("http", "urls of the HTTP API, comma-separated");
    public static readonly NodeSetting Host = new("host", "name under which other nodes reach this one");
    public static readonly NodeSetting Port = new("port", "port for other nodes; 0 takes a free one");
    public static readonly NodeSetting Seeds = new("seeds", "nodes to join, comma-separated host:port; empty: a cluster of one");
    public static readonly NodeSetting Roles = new("roles", "roles of this node, comma-separated");
    public static readonly NodeSetting Token = new("token", "bearer token of the HTTP API; two, comma-separated, for rotation");

    public static readonly NodeSetting AcceptDataLoss = new("accept-data-loss", "go on without data that is missing: what a refusal to start says");

    public static readonly IReadOnlyList<NodeSetting> All = [Redis, Data, Http, Host, Port, Seeds, Roles, Token, AcceptDataLoss];

    public string Key => $"morag.{Name}";

    public string Option => $"--{Name}";

    public string Variable => $"MORAG_{Name.ToUpperInvariant().Replace('-', '_')}";

    /// <summary>A refusal that names the key and its value.</summary>
    public ConfigurationRefusedException Refused(string value, string allowed) =>
        ConfigurationRefusedException.Value(Key, value, allowed);

    /// <summary>A refusal of a value that is a secret, or holds one.</summary>
    public ConfigurationRefusedException RefusedUnseen(string allowed) =>
        new($"{Key} (its value is not shown) is refused: {allowed}");
}
