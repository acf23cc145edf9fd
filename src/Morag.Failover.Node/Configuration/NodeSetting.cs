namespace Morag.Failover.Node.Configuration;

/// <summary>A setting that can also be given on the command line or in the environment.</summary>
/// <param name="Name">The name after two dashes on the command line.</param>
/// <param name="Meaning">The description for <c>--help</c>.</param>
/// <param name="Path">The key under <c>morag</c>; null if it is the name.</param>
internal sealed record NodeSetting(string Name, string Meaning, string? Path = null)
{
    public static readonly NodeSetting Redis = new("redis", "Redis connection string; if empty, the node runs an embedded Redis");
    public static readonly NodeSetting RedisAuthority =
        new("redis-authority", "file with the authority to trust for Redis over TLS (PEM)");

    public static readonly NodeSetting Data = new("data", "data folder of the node");
    public static readonly NodeSetting Http = new("http", "URLs of the HTTP API, comma-separated");
    public static readonly NodeSetting Advertise = new("advertise", "URL of the HTTP API for clients; auto or none");
    public static readonly NodeSetting Host = new("host", "host name or address at which other nodes reach this node");
    public static readonly NodeSetting BindHost = new("bind-host", "address that the port for other nodes listens on, if not the host");
    public static readonly NodeSetting Port = new("port", "port for other nodes; 0 selects a free port");
    public static readonly NodeSetting Seeds = new("seeds", "further nodes to ask for admission, comma-separated host:port");
    public static readonly NodeSetting Roles = new("roles", "cluster roles of this node, comma-separated");
    public static readonly NodeSetting OwnerRole = new("owner-role", "role of the nodes that hold state; if empty, all nodes do");
    public static readonly NodeSetting Token = new("token", "bearer token of the HTTP API; two, comma-separated, during a rotation");

    public static readonly NodeSetting TlsCertificate =
        new("tls-certificate", "file with this node's certificate for other nodes (PEM or PKCS#12)", "tls.certificate");

    public static readonly NodeSetting TlsKey = new("tls-key", "file with its private key (PEM)", "tls.key");

    public static readonly NodeSetting TlsPasswordFile =
        new("tls-password-file", "file with the password of its key", "tls.password-file");

    public static readonly NodeSetting TlsAuthorities =
        new("tls-authorities", "file with the authorities whose certificates admit nodes (PEM)", "tls.authorities");

    public static readonly NodeSetting HttpTlsCertificate =
        new("http-tls-certificate", "file with the certificate of the HTTP API (PEM or PKCS#12)", "http-tls.certificate");

    public static readonly NodeSetting HttpTlsKey = new("http-tls-key", "file with its private key (PEM)", "http-tls.key");

    public static readonly NodeSetting HttpTlsPasswordFile =
        new("http-tls-password-file", "file with the password of its key", "http-tls.password-file");

    public static readonly NodeSetting Metrics = new("metrics", "whether GET /metrics serves metrics to Prometheus: on or off");

    public static readonly NodeSetting LogFormat = new("log-format", "format of the log: text or json");

    public static readonly NodeSetting AcceptDataLoss =
        new("accept-data-loss", "continue without missing data; the value comes from the error of the failed start");

    public static readonly IReadOnlyList<NodeSetting> All =
    [
        Redis, RedisAuthority, Data, Http, Advertise, Host, BindHost, Port, Seeds, Roles, OwnerRole, Token, TlsCertificate, TlsKey,
        TlsPasswordFile, TlsAuthorities, HttpTlsCertificate, HttpTlsKey, HttpTlsPasswordFile, Metrics, LogFormat, AcceptDataLoss,
    ];

    public string Key => $"morag.{Path ?? Name}";

    public string Option => $"--{Name}";

    public string Variable => $"MORAG_{Name.ToUpperInvariant().Replace('-', '_')}";

    /// <summary>An error that names the key and its value.</summary>
    public ConfigurationRefusedException Refused(string value, string allowed) =>
        ConfigurationRefusedException.Value(Key, value, allowed);

    /// <summary>An error for a value that is or contains a secret.</summary>
    public ConfigurationRefusedException RefusedUnseen(string allowed) =>
        new($"{Key} (value not shown) is refused: {allowed}");
}
