namespace Morag.Failover.Node.Configuration;

/// <summary>A setting that can also be given on the command line or in the environment.</summary>
/// <param name="Name">The name under <c>morag</c>, and after two dashes on the command line.</param>
/// <param name="Meaning">The description for <c>--help</c>.</param>
internal sealed record NodeSetting(string Name, string Meaning)
{
    public static readonly NodeSetting Redis = new("redis", "Redis connection string; if empty, the node runs an embedded Redis");
    public static readonly NodeSetting Data = new("data", "data folder of the node");
    public static readonly NodeSetting Http = new("http", "URLs of the HTTP API, comma-separated");
    public static readonly NodeSetting Advertise = new("advertise", "URL of the HTTP API for clients; auto or none");
    public static readonly NodeSetting Host = new("host", "host name or address at which other nodes reach this node");
    public static readonly NodeSetting Port = new("port", "port for other nodes; 0 selects a free port");
    public static readonly NodeSetting Seeds = new("seeds", "nodes to join, comma-separated host:port; if empty, a cluster of one");
    public static readonly NodeSetting Roles = new("roles", "cluster roles of this node, comma-separated");
    public static readonly NodeSetting Token = new("token", "bearer token of the HTTP API; two, comma-separated, during a rotation");

    public static readonly NodeSetting AcceptDataLoss =
        new("accept-data-loss", "continue without missing data; the value comes from the error of the failed start");

    public static readonly IReadOnlyList<NodeSetting> All = [Redis, Data, Http, Advertise, Host, Port, Seeds, Roles, Token, AcceptDataLoss];

    public string Key => $"morag.{Name}";

    public string Option => $"--{Name}";

    public string Variable => $"MORAG_{Name.ToUpperInvariant().Replace('-', '_')}";

    /// <summary>An error that names the key and its value.</summary>
    public ConfigurationRefusedException Refused(string value, string allowed) =>
        ConfigurationRefusedException.Value(Key, value, allowed);

    /// <summary>An error for a value that is or contains a secret.</summary>
    public ConfigurationRefusedException RefusedUnseen(string allowed) =>
        new($"{Key} (value not shown) is refused: {allowed}");
}
