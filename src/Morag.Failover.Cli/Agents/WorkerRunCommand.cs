using System.Collections.Immutable;
using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary><c>morag worker run</c>.</summary>
internal static class WorkerRunCommand
{
    private static readonly Option<string[]> Queues = new("--queues")
    {
        Description = "Queues to serve, comma-separated (default: all queues for the capability)",
    };

    private static readonly Option<string> Capability = new Option<string>("--capability")
    {
        Description = "Kind of machine: cpu, gpu or hybrid",
        DefaultValueFactory = _ => "cpu",
    }.AcceptOnlyFromAmong("cpu", "gpu", "hybrid");

    private static readonly Option<int> Slots = NumberOption.WithDefault(
        "--slots", "Number of tasks to run at the same time", 1, 1, WorkerLimits.MaxConcurrentTasks);
    private static readonly Option<string> WorkerIdOption = new("--worker-id")
    {
        Description = "Worker id, stable across restarts (default: the host name; HOST-2, HOST-3, ... for further agents)",
    };

    private static readonly Option<string> Name = new("--name") { Description = "Display name (default: the worker id)" };
    private static readonly Option<string> WorkFolderOption = new("--work-dir")
    {
        Description = "Folder for undelivered outcomes; each worker uses its own subfolder",
    };

    private static readonly Option<string[]> ContentTypes = new("--content-types")
    {
        Description = "Content types that the command can process, comma-separated (default: all)",
    };

    private static readonly Option<string[]> Tags = new("--tag")
    {
        Description = "Label for the worker as KEY=VALUE (repeatable)",
    };

    private static readonly Option<double> Heartbeat = NumberOption.WithDefault(
        "--heartbeat", "Seconds between heartbeats", 2.0, WorkerLimits.MinHeartbeatSeconds, WorkerLimits.MaxHeartbeatSeconds);
    private static readonly Option<double> KillGrace = NumberOption.WithDefault(
        "--kill-grace", "Seconds between SIGTERM and SIGKILL when a command has to end", 5.0, 0, 3600);
    private static readonly Option<double> DrainGrace = NumberOption.WithDefault(
        "--drain-grace", "Seconds that running tasks may take to finish when the agent stops", 30.0, 0, 86400);
    private static readonly Option<string[]> ExhaustionPatterns = new("--oom-pattern")
    {
        Description = "Text on standard error that means that the command ran out of memory "
            + $"(repeatable, default \"{AgentSettings.DefaultExhaustionPattern}\")",
    };

    private static readonly Option<int?> CpuCores = Detected<int>("--cpu-cores", WorkerLimits.MaxCpuCores);
    private static readonly Option<double?> MemoryGb = Detected<double>("--memory-gb", WorkerLimits.MaxMemoryGb);
    private static readonly Option<int?> GpuCount = Detected<int>("--gpu-count", WorkerLimits.MaxGpuCount);
    private static readonly Option<double?> GpuMemoryGb = Detected<double>("--gpu-memory-gb", WorkerLimits.MaxMemoryGb);
    private static readonly Option<double?> DiskGb = Detected<double>("--disk-gb", WorkerLimits.MaxDiskSpaceGb);

    private static readonly Argument<string[]> Words = new("command")
    {
        Description = "Command to run for each task, after --; it reads the payload from standard input",
        Arity = ArgumentArity.OneOrMore,
    };

    public static Command Build(GlobalOptions globals)
    {
        var command = new Command("run", "Run a worker agent: lease tasks, run a command for each, and report the outcome");
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
            ?? throw CommandFailure.Usage($"the program \"{words[0]}\" was not found or is not executable");
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
                : throw CommandFailure.Usage($"each name in --queues must be {Identifier.Rule}, not \"{queue}\""))],
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
        where T : struct, System.Numerics.INumber<T> => NumberOption.Optional(name, "Overrides the detected value", T.Zero, most);
}
