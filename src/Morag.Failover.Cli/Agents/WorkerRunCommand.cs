using System.Collections.Immutable;
using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary><c>morag worker run</c>: its options, and the signals that stop it.</summary>
internal static class WorkerRunCommand
{
    private static readonly Option<string[]> Queues = new("--queues")
    {
        Description = "The queues to serve, separated by commas; without it, all that the capability serves",
    };

    private static readonly Option<string> Capability = new Option<string>("--capability")
    {
        Description = "What kind of machine this is: cpu, gpu or hybrid",
        DefaultValueFactory = _ => "cpu",
    }.AcceptOnlyFromAmong("cpu", "gpu", "hybrid");

    private static readonly Option<int> Slots = NumberOption.WithDefault(
        "--slots", "How many tasks to run at once", 1, 1, WorkerLimits.MaxConcurrentTasks);
    private static readonly Option<string> WorkerIdOption = new("--worker-id")
    {
        Description = "The worker's id, the same over restarts; without it, the name of the host (host-2, ... for further agents)",
    };

    private static readonly Option<string> Name = new("--name") { Description = "A name for people" };
    private static readonly Option<string> WorkFolderOption = new("--work-dir")
    {
        Description = "Where outcomes wait that are not delivered yet; each worker has a folder of its own in it",
    };

    private static readonly Option<string[]> ContentTypes = new("--content-types")
    {
        Description = "The content types that the command can process, separated by commas; without it, all",
    };

    private static readonly Option<string[]> Tags = new("--tag")
    {
        Description = "KEY=VALUE: what people and their tools want to know of this worker; may be repeated",
    };

    private static readonly Option<double> Heartbeat = NumberOption.WithDefault(
        "--heartbeat", "Seconds between heartbeats", 2.0, WorkerLimits.MinHeartbeatSeconds, WorkerLimits.MaxHeartbeatSeconds);
    private static readonly Option<double> KillGrace = NumberOption.WithDefault(
        "--kill-grace", "Seconds that a command may take to end before it is killed", 5.0, 0, 3600);
    private static readonly Option<double> DrainGrace = NumberOption.WithDefault(
        "--drain-grace", "Seconds that running tasks may go on when the agent is told to stop", 30.0, 0, 86400);
    private static readonly Option<string[]> ExhaustionPatterns = new("--oom-pattern")
    {
        Description = $"A text on the error stream that means that memory ran out (default \"{AgentSettings.DefaultExhaustionPattern}\"); may be repeated",
    };

    private static readonly Option<int?> CpuCores = Detected<int>("--cpu-cores", WorkerLimits.MaxCpuCores);
    private static readonly Option<double?> MemoryGb = Detected<double>("--memory-gb", WorkerLimits.MaxMemoryGb);
    private static readonly Option<int?> GpuCount = Detected<int>("--gpu-count", WorkerLimits.MaxGpuCount);
    private static readonly Option<double?> GpuMemoryGb = Detected<double>("--gpu-memory-gb", WorkerLimits.MaxMemoryGb);
    private static readonly Option<double?> DiskGb = Detected<double>("--disk-gb", WorkerLimits.MaxDiskSpaceGb);

    private static readonly Argument<string[]> Words = new("command")
    {
        Description = "After --: what is run once for each task, with the payload on its standard input",
        Arity = ArgumentArity.OneOrMore,
    };

    public static Command Build(GlobalOptions globals)
    {
        var command = new Command("run", "Work: lease tasks, run a command for each, and report what came of it");
        command.Add(Words);
        Option[] options =
        [
            Queues, Capability, Slots, WorkerIdOption, Name, WorkFolderOption, ContentTypes, Tags, Heartbeat, KillGrace, DrainGrace,
            ExhaustionPatterns, CpuCores, MemoryGb, GpuCount, GpuMemoryGb, DiskGb,
        ];
        foreach (var option in options)
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancellation) => RunAsync(globals, parsed, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(GlobalOptions globals, ParseResult parsed, CancellationToken cancellation)
    {
        if (FirstProcess.IsCurrent)
        {
            return await FirstProcess.RunChildAsync();
        }

        var words = parsed.GetValue(Words)!;
        var program = Executables.Find(words[0])
            ?? throw CommandFailure.Usage($"there is no program \"{words[0]}\" that can be run");
        var clock = TimeProvider.System;
        using var node = globals.Connect(parsed);
        using var folder = WorkFolder.Acquire(parsed.GetValue(WorkerIdOption), parsed.GetValue(WorkFolderOption));
        var settings = new AgentSettings
        {
            Registration = Registration(parsed, folder),
            Command = [program, .. words[1..]],
            WorkFolder = folder.Path,
            HeartbeatInterval = TimeSpan.FromSeconds(parsed.GetValue(Heartbeat)),
            KillGrace = TimeSpan.FromSeconds(parsed.GetValue(KillGrace)),
            DrainGrace = TimeSpan.FromSeconds(parsed.GetValue(DrainGrace)),
            ExhaustionPatterns = parsed.GetValue(ExhaustionPatterns) is { Length: > 0 } patterns
                ? [.. patterns]
                : [AgentSettings.DefaultExhaustionPattern],
        };

        using var signals = new StopSignals(cancellation);
        await using var log = new AgentLog(parsed.InvocationConfiguration.Error, clock);
        using var agent = new WorkerAgent(settings, node, log, clock);
        return await agent.RunAsync(signals.Stop, signals.Abort);
    }

    private static WorkerRegistration Registration(ParseResult parsed, WorkFolder folder)
    {
        var detected = MachineHardware.Detect(folder.Path);
        return new WorkerRegistration
        {
            WorkerId = folder.Worker,
            Name = parsed.GetValue(Name) ?? folder.Worker.Value,
            Capability = Enum.Parse<WorkerCapability>(parsed.GetValue(Capability)!, ignoreCase: true),
            Hardware = detected with
            {
                CpuCores = parsed.GetValue(CpuCores) ?? detected.CpuCores,
                MemoryGb = parsed.GetValue(MemoryGb) ?? detected.MemoryGb,
                GpuCount = parsed.GetValue(GpuCount) ?? detected.GpuCount,
                GpuMemoryGb = parsed.GetValue(GpuMemoryGb) ?? detected.GpuMemoryGb,
                DiskSpaceGb = parsed.GetValue(DiskGb) ?? detected.DiskSpaceGb,
            },
            Location = new WorkerLocation { Hostname = Environment.MachineName, IpAddress = Address() },
            MaxConcurrentTasks = parsed.GetValue(Slots),
            SupportedContentTypes = Split(parsed.GetValue(ContentTypes)),
            Tags = WorkerTags.Parse(parsed.GetValue(Tags)),
            Queues = [.. Split(parsed.GetValue(Queues)).Select(queue => Identifier.IsValid(queue)
                ? new QueueName(queue)
                : throw CommandFailure.Usage($"queues: \"{queue}\" must be {Identifier.Rule}"))],
            InstanceId = folder.NewInstance(),
            HeartbeatIntervalSeconds = parsed.GetValue(Heartbeat),
        };
    }

    private static string Address()
    {
        try
        {
            return Dns.GetHostAddresses(Dns.GetHostName(), AddressFamily.InterNetwork)
                .FirstOrDefault(address => !IPAddress.IsLoopback(address))?.ToString() ?? "";
        }
        catch (SocketException)
        {
            return "";
        }
    }

    private static ImmutableArray<string> Split(string[]? given) =>
        [.. (given ?? []).SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];

    private static Option<T?> Detected<T>(string name, T most)
        where T : struct, System.Numerics.INumber<T> => NumberOption.Optional(name, "Instead of what was detected", T.Zero, most);
}
