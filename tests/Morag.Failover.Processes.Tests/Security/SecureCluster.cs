using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.CommandLine;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;
using StackExchange.Redis;

namespace Morag.Failover.Processes.Tests.Security;

/// <summary>
/// Two nodes, an agent and <c>morag</c>, with TLS on every connection, tokens, and a Redis user with exactly the rights that
/// docs/operations.md lists. The whole story is played once, and the specs look at what it left behind: a task before and after one node
/// is killed, calls that are refused, and two nodes that must not join.
/// </summary>
public sealed class SecureCluster : IAsyncLifetime
{
    private const int OutputKept = 32 * 1024 * 1024;
    private const string Worker = "secure-1";

    private readonly TestFolder folder = new();
    private readonly TestAuthority authority = new();
    private readonly TestAuthority stranger = new();
    private readonly int redisPort = RedisTestServer.FreePort();
    private readonly int[] clusterPorts = [RedisTestServer.FreePort(), RedisTestServer.FreePort()];
    private readonly List<RunningProgram> programs = [];
    private readonly List<NodeProcess> nodes = [];
    private RedisServer redis = null!;

    /// <summary>Every password and token of the story.</summary>
    public Dictionary<string, string> Secrets { get; } = ((string[])
        ["redis administrator", "redis user", "operator token", "agent token", "wrong token", "password of the node's key"])
        .ToDictionary(name => name, _ => RandomNumberGenerator.GetHexString(40, lowercase: true));

    /// <summary>The runs of <c>morag</c> by what is special about each.</summary>
    internal Dictionary<string, MoragRun> Runs { get; } = [];

    /// <summary>How a cluster client with a certificate of the authority ended.</summary>
    public int ClusterClientExitCode { get; private set; }

    /// <summary>What every program wrote.</summary>
    public Dictionary<string, string> Outputs { get; } = [];

    /// <summary>The command line of every process.</summary>
    public List<string> CommandLines { get; } = [];

    /// <summary>The names and the serialized values of all keys in Redis.</summary>
    public List<byte[]> Stored { get; } = [];

    /// <summary>The nodes in the cluster after the intruders had tried to join.</summary>
    public IReadOnlyList<string> Members { get; private set; } = [];

    /// <summary>What the agent's command wrote: its environment.</summary>
    public string ResultOfTask { get; private set; } = "";

    /// <summary>How the task that was submitted after the death of a node ended.</summary>
    public TaskState AfterTakeOver { get; private set; }

    /// <summary>The commands that the nodes' user made Redis run.</summary>
    public IReadOnlySet<string> UsedCommands { get; private set; } = new HashSet<string>();

    /// <summary>What Redis denied the nodes' user.</summary>
    public IReadOnlySet<string> Denied { get; private set; } = new HashSet<string>();

    /// <summary>The ports of Redis that the nodes used.</summary>
    public IReadOnlySet<string> PortsOfNodes { get; private set; } = new HashSet<string>();

    /// <summary>The port of Redis for TLS.</summary>
    public string TlsPort => redisPort.ToString(CultureInfo.InvariantCulture);

    /// <summary>The rights that docs/operations.md gives the nodes' user, as arguments of <c>ACL SETUSER morag</c>.</summary>
    public static IReadOnlyList<string[]> DocumentedRights { get; } =
    [
        .. File.ReadLines(Path.Combine(Root(), "docs", "operations.md"))
            .Where(line => line.StartsWith("ACL SETUSER morag ", StringComparison.Ordinal))
            .Where(line => !line.EndsWith("# on each sentinel", StringComparison.Ordinal))
            .Select(line => line.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)),
    ];

    public async Task InitializeAsync()
    {
        if (RedisServer.SkipReason is not null)
        {
            return;
        }

        await StartRedisAsync();
        foreach (var number in (int[])[0, 1])
        {
            nodes.Add(await NodeProcess.StartAsync(Settings(number)));
        }

        var intruders = ((string[])["stranger", "plaintext"]).Select(StartIntruder).ToList();
        var agent = StartAgent();
        await nodes[1].Client.SubmitAsync([new { task_id = "before", queue = "cpu_standard" }]);
        await RunCommandsAsync();
        await ReportAsClusterClientAsync();
        ResultOfTask = (await EndOfTaskAsync("before")).Result.Raw;
        await IntrudersGiveUpAsync(intruders);
        Members = [.. (await nodes[1].Client.GetAsync<Contracts.Fleet.ClusterNode[]>("/cluster/nodes")).Select(node => node.Node)];

        NoteCommandLines();
        await nodes[0].KillAsync();
        await nodes[1].Client.SubmitAsync([new { task_id = "after", queue = "cpu_standard" }]);
        AfterTakeOver = (await EndOfTaskAsync("after")).State;
        _ = await nodes[1].Client.GetAsync<JsonElement>("/journal/verify");
        _ = await nodes[1].Client.GetAsync<JsonElement>("/journal/sizes");
        await ReadRedisAsync();

        Outputs["agent"] = agent.Output;
        Outputs["surviving node"] = nodes[1].Program.Output;
        foreach (var (name, run) in Runs)
        {
            Outputs[$"morag {name}"] = run.Output + run.Error;
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var program in programs)
        {
            await program.DisposeAsync();
        }

        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }

        if (redis is not null)
        {
            await redis.DisposeAsync();
        }

        authority.Dispose();
        stranger.Dispose();
        folder.Dispose();
    }

    private async Task StartRedisAsync()
    {
        redis = new RedisServer
        {
            Password = Secrets["redis administrator"],
            Settings = ["--requirepass", Secrets["redis administrator"], .. authority.CreateTlsArguments(redisPort)],
        };
        await redis.InitializeAsync();
        await using var connection = await redis.ConnectAsync();
        foreach (var rights in DocumentedRights)
        {
            await connection.GetDatabase().ExecuteAsync(
                rights[0], [.. rights[1..].Select(right => right.Replace("PASSWORD", Secrets["redis user"], StringComparison.Ordinal))]);
        }

        await connection.GetDatabase().ExecuteAsync("CONFIG", "RESETSTAT");
    }

    private NodeProcessSettings Settings(int number, TestAuthority? issuer = null, bool tls = true, int? port = null)
    {
        var password = Secrets["password of the node's key"];
        var (certificate, key) = (issuer ?? authority).Issue(new() { Names = ["127.0.0.1"], Password = password });
        var passwordFile = authority.WriteFile(password);
        var environment = new Dictionary<string, string>
        {
            ["MORAG_REDIS"] = $"127.0.0.1:{redisPort},ssl=true,sslHost=localhost,user=morag,password={Secrets["redis user"]}",
            ["MORAG_REDIS_AUTHORITY"] = authority.CertificatePath,
            ["MORAG_TOKEN"] = Secrets["operator token"],
            ["MORAG_HTTP_TLS_CERTIFICATE"] = certificate,
            ["MORAG_HTTP_TLS_KEY"] = key,
            ["MORAG_HTTP_TLS_PASSWORD_FILE"] = passwordFile,
            ["Logging__LogLevel__Default"] = "Debug",
        };
        if (tls)
        {
            environment["MORAG_TLS_CERTIFICATE"] = certificate;
            environment["MORAG_TLS_KEY"] = key;
            environment["MORAG_TLS_PASSWORD_FILE"] = passwordFile;
            environment["MORAG_TLS_AUTHORITIES"] =
                authority.WriteFile(
                    $"{File.ReadAllText(authority.CertificatePath)}\n{File.ReadAllText(stranger.CertificatePath)}\n");
        }

        if (tls && issuer is null)
        {
            environment["MORAG_TLS_AUTHORITIES"] = authority.CertificatePath;
        }

        return new NodeProcessSettings
        {
            DataFolder = Path.Combine(folder.Path, string.Create(CultureInfo.InvariantCulture, $"node-{number}")),
            ClusterPort = port ?? clusterPorts[number],
            Seeds = [.. clusterPorts.Select(seed => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{seed}"))],
            Environment = environment,
            Authority = authority.CertificatePath,
            Token = Secrets["operator token"],
            OutputKept = OutputKept,
            Config = $$"""
                {{TestConfig.Text}}
                akka.loglevel = DEBUG
                morag.tokens.agent { kind = worker, sha256 = "{{Sha256(Secrets["agent token"])}}", workers = ["secure-*"] }
                """,
        };
    }

    private NodeProcess StartIntruder(string kind)
    {
        var settings = kind == "stranger"
            ? Settings(2, issuer: stranger, port: RedisTestServer.FreePort())
            : Settings(3, tls: false, port: RedisTestServer.FreePort());
        var intruder = NodeProcess.StartWithoutWaiting(settings);
        nodes.Add(intruder);
        return intruder;
    }

    private RunningProgram StartAgent()
    {
        var agent = AgentProcess.Start(new AgentProcessSettings
        {
            Node = nodes[0].Address,
            OtherNodes = [nodes[1].Address],
            WorkerId = Worker,
            Capability = "cpu",
            WorkFolder = folder.Sub("agent"),
            Command = ["env"],
            Environment = new Dictionary<string, string>
            {
                ["MORAG_CA"] = authority.CertificatePath,
                ["MORAG_TOKEN"] = Secrets["agent token"],
            },
        });
        programs.Add(agent);
        return agent;
    }

    private async Task RunCommandsAsync()
    {
        var node = nodes[1].Address;
        var right = new Dictionary<string, string>
        {
            ["MORAG_NODE"] = node.ToString(),
            ["MORAG_CA"] = authority.CertificatePath,
            ["MORAG_TOKEN"] = Secrets["operator token"],
        };
        (string Name, Dictionary<string, string> Variables)[] runs =
        [
            ("with the right settings", right),
            ("without the authority", new(right.Where(variable => variable.Key != "MORAG_CA"))),
            ("with another authority", new(right) { ["MORAG_CA"] = stranger.CertificatePath }),
            ("at another name", new(right) { ["MORAG_NODE"] = $"https://localhost:{node.Port}" }),
            ("with a wrong token", new(right) { ["MORAG_TOKEN"] = Secrets["wrong token"] }),
            ("with the agent's token", new(right) { ["MORAG_TOKEN"] = Secrets["agent token"] }),
            ("without TLS", new(right) { ["MORAG_NODE"] = $"http://127.0.0.1:{node.Port}" }),
        ];
        foreach (var (name, variables) in runs)
        {
            Runs[name] = await MoragCommand.RunAsync(variables, "worker", "list");
        }
    }

    private async Task ReportAsClusterClientAsync()
    {
        var (certificate, key) = authority.Issue(new() { Names = ["127.0.0.1"] });
        await using var client = RunningProgram.Start(
            Programs.SampleClusterClient, nodes[0].ClusterAddress, "video-17", "gpu-3", certificate, key, authority.CertificatePath);
        ClusterClientExitCode = await client.EndedAsync();
        Outputs["cluster client"] = client.Output;
    }

    private async Task<TaskInfo> EndOfTaskAsync(string task)
    {
        TaskInfo? found = null;
        await Eventually.HoldsAsync(
            async () => (found = await nodes[1].Client.TaskAsync(task)).State is TaskState.Succeeded or TaskState.Parked,
            () => $"{task} ends; it is {found}; the agent wrote:\n{programs[0].Output}");
        return found!;
    }

    /// <summary>Both have asked the seeds twice in vain.</summary>
    private async Task IntrudersGiveUpAsync(List<NodeProcess> intruders)
    {
        foreach (var intruder in intruders)
        {
            await Eventually.HoldsAsync(
                () => Task.FromResult(
                    intruder.Program.Output.Contains("Couldn't join seed nodes after [2] attempts", StringComparison.Ordinal)),
                () => $"the intruder asks the seeds; it wrote:\n{intruder.Program.Output}");
        }

        Outputs["stranger"] = intruders[0].Program.Output;
        Outputs["plaintext"] = intruders[1].Program.Output;
        Outputs["killed node"] = nodes[0].Program.Output;
        NoteCommandLines();
        foreach (var intruder in intruders)
        {
            await intruder.KillAsync();
        }
    }

    private void NoteCommandLines()
    {
        var running = programs.Concat(nodes.Where(node => node.IsRunning).Select(node => node.Program));
        foreach (var process in running.SelectMany(program => program.Family()))
        {
            try
            {
                CommandLines.Add(File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/cmdline")));
            }
            catch (IOException)
            {
                // It has ended: a command of the agent, for example.
            }
        }
    }

    private async Task ReadRedisAsync()
    {
        await using var connection = await redis.ConnectAsync();
        var server = connection.GetServers()[0];
        var database = connection.GetDatabase();
        UsedCommands = (await server.InfoAsync("commandstats")).SelectMany(section => section)
            .Where(entry => !entry.Value.StartsWith("calls=0,", StringComparison.Ordinal))
            .Select(entry => entry.Key["cmdstat_".Length..])
            .ToHashSet();
        Denied = ((RedisResult[])(await database.ExecuteAsync("ACL", "LOG", "128"))!)
            .Select(entry => entry.ToDictionary())
            .Where(entry => (string?)entry["username"] == "morag")
            .Select(entry => $"{entry["reason"]} {entry["object"]}")
            .ToHashSet();
        PortsOfNodes = ((string)(await database.ExecuteAsync("CLIENT", "LIST"))!).Split('\n')
            .Where(line => line.Contains(" user=morag ", StringComparison.Ordinal))
            .Select(line => line.Split(' ').Single(part => part.StartsWith("laddr=", StringComparison.Ordinal)).Split(':')[^1])
            .ToHashSet();
        await foreach (var key in server.KeysAsync())
        {
            Stored.Add((byte[])key!);
            Stored.Add((await database.KeyDumpAsync(key))!);
        }
    }

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
