using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using Morag.Failover.Cli.Agents;
using Morag.Failover.Cli.Agents.Processes;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Tests.Agents;

/// <summary>An agent in this process, with its own folder.</summary>
internal sealed class RunningAgent : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource abort = new();
    private readonly LogLines log = new();
    private readonly NodeConnection node;
    private readonly AgentLog agentLog;
    private readonly WorkerAgent agent;

    public RunningAgent(
        FakeNode fake,
        string script,
        int slots = 4,
        string? folder = null,
        BearerToken? token = null,
        TimeSpan? drainGrace = null,
        string? instance = null,
        AgentFaults? faults = null,
        TimeSpan? heartbeat = null,
        FakeNode? second = null)
    {
        Folder = folder ?? Directory.CreateTempSubdirectory("morag-agent-").FullName;
        faults ??= new AgentFaults();
        agentLog = new AgentLog(faults.Around(log), TimeProvider.System);
        Uri[] addresses = second is null ? [fake.Address] : [fake.Address, second.Address];
        node = new NodeConnection(addresses, token ?? BearerToken.None, TimeProvider.System);
        agent = new WorkerAgent(
            new AgentSettings
            {
                Registration = new WorkerRegistration
                {
                    WorkerId = new WorkerId("w"),
                    Capability = WorkerCapability.Cpu,
                    MaxConcurrentTasks = slots,
                    InstanceId = new InstanceId(instance ?? Guid.NewGuid().ToString("N")),
                    Location = new WorkerLocation { Hostname = "here" },
                    HeartbeatIntervalSeconds = 0.1,
                },
                Command = ImmutableArray.Create("/bin/sh", "-c", script),
                WorkFolder = Folder,
                HeartbeatInterval = heartbeat ?? TimeSpan.FromMilliseconds(100),
                KillGrace = TimeSpan.FromMilliseconds(200),
                KillWait = TimeSpan.FromMilliseconds(500),
                DrainGrace = drainGrace ?? TimeSpan.FromSeconds(30),
                LeaseWait = TimeSpan.FromSeconds(2),
            },
            node,
            faults.Around(SpoolFile.Open(Path.Combine(Folder, "outcomes.jsonl"))),
            faults.Around(Launchers.Current),
            agentLog,
            TimeProvider.System);
        Ended = Task.Run(() => agent.RunAsync(stop.Token, abort.Token));
    }

    public string Folder { get; }

    public Task<int> Ended { get; }

    public string Log => log.ToString();

    public async Task<int> StopAsync()
    {
        await stop.CancelAsync();
        return await Ended;
    }

    /// <summary>Aborts the agent.</summary>
    public async Task AbortAsync()
    {
        await abort.CancelAsync();
        await Ended;
    }

    public async ValueTask DisposeAsync()
    {
        await abort.CancelAsync();
        await Task.WhenAny(Ended);
        agent.Dispose();
        await agentLog.DisposeAsync();
        node.Dispose();
        stop.Dispose();
        abort.Dispose();
    }

    /// <summary>Collects lines that one thread writes and another reads.</summary>
    private sealed class LogLines : TextWriter
    {
        private readonly ConcurrentQueue<string> lines = new();

        public override Encoding Encoding => Encoding.UTF8;

        public override void WriteLine(string? value) => lines.Enqueue(value ?? "");

        public override string ToString() => string.Join('\n', lines);
    }
}
