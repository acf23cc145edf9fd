using Morag.Failover.Cli.Agents.Processes;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Client;
using Morag.Failover.Client.Connection;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Agents;

/// <summary>The worker agent: leases tasks, runs the command for each, and delivers every outcome to the node.</summary>
internal sealed class WorkerAgent : IDisposable
{
    private readonly AgentSettings settings;
    private readonly AgentLog log;
    private readonly TimeProvider clock;
    private readonly WorkerClient client;
    private readonly OutcomeOutbox outbox;
    private readonly Guardian guardian;
    private readonly TaskProcess process;
    private readonly TaskRunner runner;
    private readonly InstanceRegistration registration;
    private readonly HeartbeatLoop heartbeat;
    private readonly LeaseIntake leases;
    private readonly SessionLoop session;
    private readonly DeliveryLoop delivery;
    private readonly DiscoveryLoop discovery;

    public WorkerAgent(AgentSettings settings, NodeConnection node, AgentLog log, TimeProvider clock)
        : this(settings, node, OpenSpool(settings), Launchers.Current, log, clock)
    {
    }

    public WorkerAgent(
        AgentSettings settings, NodeConnection node, ISpoolFile spool, ProcessLauncher launch, AgentLog log, TimeProvider clock)
    {
        this.settings = settings;
        this.log = log;
        this.clock = clock;
        client = new WorkerClient(node, settings.Registration, clock);
        var held = new HeldTasks(settings.Registration.MaxConcurrentTasks, clock);
        var tally = new WorkerTally();
        outbox = OutcomeOutbox.Open(spool, log);
        guardian = Guardian.Start(log.Write);
        var shared = new WorkerLog(log, settings.Registration.WorkerId, clock);
        registration = new InstanceRegistration(client, shared, clock);
        process = new TaskProcess(settings, client, guardian, launch, log, clock);
        runner = new TaskRunner(settings, process, held, outbox, client, tally, log, clock);
        heartbeat = new HeartbeatLoop(client, registration, held, tally, settings.HeartbeatInterval, log, clock);
        leases = new LeaseIntake(client, registration, held, runner, shared, clock, settings.LeaseWait);
        session = new SessionLoop(client, registration, held, heartbeat, leases, log, clock);
        delivery = new DeliveryLoop(client, registration, outbox, held, log, clock);
        discovery = new DiscoveryLoop(node, log.Write, clock, heartbeat.OnMoved);
    }

    /// <summary>Works until it is stopped, and returns the exit code.</summary>
    /// <param name="stop">Stops gracefully: no new tasks, the drain grace for running ones, and the rest is released.</param>
    /// <param name="abort">Ends everything immediately.</param>
    /// <exception cref="CommandFailure">The agent cannot work.</exception>
    public async Task<int> RunAsync(CancellationToken stop, CancellationToken abort)
    {
        try
        {
            return await WorkAsync(stop, abort);
        }
        catch (WorkerIdInUseException taken)
        {
            throw new CommandFailure(
                ExitCode.Conflict,
                $"another process on {taken.Host} is running as worker {taken.Worker}. Give each agent its own --worker-id");
        }
        catch (MoragInvalidException refused)
        {
            throw new CommandFailure(
                refused.ProblemType == ProblemTypes.UnknownQueue ? ExitCode.NotFound : ExitCode.Refused,
                $"the node rejected the registration: {refused.Message}");
        }
    }

    public void Dispose()
    {
        // Kills the remaining commands with all their children.
        guardian.Dispose();
        outbox.Dispose();
        registration.Dispose();
        heartbeat.Dispose();
        leases.Dispose();
        discovery.Dispose();
        runner.Dispose();
    }

    private async Task<int> WorkAsync(CancellationToken stop, CancellationToken abort)
    {
        using var leasing = CancellationTokenSource.CreateLinkedTokenSource(stop, abort);
        using var living = CancellationTokenSource.CreateLinkedTokenSource(abort);
        using var telling = stop.UnsafeRegister(_ => _ = runner.StopAsync(), null);
        try
        {
            process.RemoveStaleFiles();
            await DeliverFromLastRunAsync(leasing.Token);
            await registration.RegisterAsync(registration.Generation, leasing.Token);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Ok;
        }

        Task[] loops =
        [
            RestartOnFailureAsync("heartbeat", heartbeat.RunAsync, living.Token),
            RestartOnFailureAsync("session", session.RunAsync, living.Token),
            RestartOnFailureAsync("delivery", delivery.RunAsync, living.Token),
            RestartOnFailureAsync("lease", leases.RunAsync, leasing.Token),
            RestartOnFailureAsync("discovery", discovery.RunAsync, living.Token),
        ];
        try
        {
            // A loop that ends before it is cancelled means that the agent cannot continue.
            await await Task.WhenAny(loops);
        }
        catch (OperationCanceledException)
        {
            await DrainAsync(abort);

            // No loop runs any more when the agent unregisters: it would find the worker unknown, and register it again.
            await living.CancelAsync();
            await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (Array.Find(loops, static loop => loop.Exception?.InnerException is WorkerIdInUseException) is { } replaced)
            {
                await replaced;
            }

            await UnregisterAsync(abort);
        }
        finally
        {
            await runner.CancelAllAsync();
            await living.CancelAsync();
        }

        return abort.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Ok;
    }

    private static SpoolFile OpenSpool(AgentSettings settings)
    {
        try
        {
            return SpoolFile.Open(Path.Combine(settings.WorkFolder, "outcomes.jsonl"));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Usage($"cannot use the work folder: {failure.Message}");
        }
    }

    // A defect in one loop must not end the agent and its running commands.
    private async Task RestartOnFailureAsync(string name, Func<CancellationToken, Task> loop, CancellationToken cancellation)
    {
        var backoff = new Backoff(clock);
        while (true)
        {
            try
            {
                await loop(cancellation);
                return;
            }
            catch (Exception failure) when (failure is not (WorkerIdInUseException or MoragInvalidException or TokenExposed)
                && !cancellation.IsCancellationRequested)
            {
                log.Write($"internal error in the {name} loop, restarting it: {failure}");
                await backoff.WaitAsync(cancellation);
            }
        }
    }

    // Before this run registers, the leases of the last run are still the latest ones, so the node accepts their outcomes.
    private async Task DeliverFromLastRunAsync(CancellationToken cancellation)
    {
        if (!outbox.IsEmpty)
        {
            log.Write("delivering outcomes from the last run of this worker");
            try
            {
                while (!outbox.IsEmpty && await delivery.TryDeliverAsync(cancellation))
                {
                }
            }
            catch (UnreadableAnswer failure)
            {
                log.Write($"{failure.Message}; outcomes are kept and sent again later");
            }
        }
    }

    private async Task DrainAsync(CancellationToken abort)
    {
        if (abort.IsCancellationRequested)
        {
            return;
        }

        heartbeat.Leaving = true;
        heartbeat.Hurry();
        log.Write(runner.Count == 0
            ? "stopping"
            : $"stopping: waiting up to {settings.DrainGrace.TotalSeconds:0.#} s for {Counted.Of(runner.Count, "running task")}; "
                + "unfinished tasks are released");
        if (!await runner.WaitForAllAsync(settings.DrainGrace, abort))
        {
            await runner.CancelAllAsync();
            _ = await runner.WaitForAllAsync(settings.KillGrace + settings.KillWait + settings.LastDelivery, abort);
        }

        await DeliverLastAsync(abort);
    }

    private async Task UnregisterAsync(CancellationToken abort)
    {
        if (abort.IsCancellationRequested)
        {
            return;
        }

        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(abort);
            limit.CancelAfter(settings.LastDelivery);
            await client.UnregisterAsync(limit.Token);
            log.Write("unregistered");
        }
        catch (Exception failure) when (failure is NodeUnreachable or NodeRefused or OperationCanceledException)
        {
            log.Write($"cannot unregister: {failure.Message}");
        }
    }

    private async Task DeliverLastAsync(CancellationToken abort)
    {
        var until = clock.GetTimestamp();
        while (!outbox.IsEmpty && !abort.IsCancellationRequested && clock.GetElapsedTime(until) < settings.LastDelivery)
        {
            await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(20), clock, abort));
        }
    }
}
