using System.Collections.Concurrent;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Cli.Connection;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Cli.Agents;

/// <summary>A ready worker: leases tasks, runs the command for each, and sees that every outcome reaches the node.</summary>
internal sealed class WorkerAgent : IDisposable
{
    // What is finished is worth some waiting at the end; what is not delivered then stays in the spool for the next start.
    private static readonly TimeSpan LastDelivery = TimeSpan.FromSeconds(5);

    private readonly AgentSettings settings;
    private readonly AgentLog log;
    private readonly TimeProvider clock;
    private readonly WorkerClient client;
    private readonly HeldTasks held;
    private readonly AgentTally tally = new();
    private readonly OutcomeOutbox outbox;
    private readonly Guardian guardian = Guardian.Start();
    private readonly TaskProcess process;
    private readonly AgentRegistration registration;
    private readonly HeartbeatLoop heartbeat;
    private readonly LeaseLoop leases;
    private readonly SessionLoop session;
    private readonly DeliveryLoop delivery;
    private readonly ConcurrentDictionary<LeaseKey, Task> running = new();
    private readonly CancellationTokenSource abandoning = new();
    private volatile bool leaving;

    public WorkerAgent(AgentSettings settings, NodeConnection node, AgentLog log, TimeProvider clock)
    {
        this.settings = settings;
        this.log = log;
        this.clock = clock;
        client = new WorkerClient(node, settings.Registration, clock);
        held = new HeldTasks(settings.Registration.MaxConcurrentTasks, clock);
        outbox = OutcomeOutbox.Open(Path.Combine(settings.WorkFolder, "outcomes.jsonl"));
        process = new TaskProcess(settings, guardian, clock);
        registration = new AgentRegistration(client, settings.Registration.WorkerId.Value, log, clock);
        heartbeat = new HeartbeatLoop(client, registration, held, tally, settings.HeartbeatInterval, log, clock);
        leases = new LeaseLoop(client, registration, held, Take, settings.LeaseWait, log, clock);
        session = new SessionLoop(client, registration, held, heartbeat, leases, log, clock);
        delivery = new DeliveryLoop(client, registration, outbox, held, log, clock);
    }

    /// <summary>
    /// Works until <paramref name="stop"/>, then ends in order: nothing new, what runs may finish, what is left is given back.
    /// <paramref name="abort"/> ends everything at once. Throws <see cref="CommandFailure"/> where it cannot work at all.
    /// </summary>
    public async Task<int> RunAsync(CancellationToken stop, CancellationToken abort)
    {
        using var leasing = CancellationTokenSource.CreateLinkedTokenSource(stop, abort);
        using var living = CancellationTokenSource.CreateLinkedTokenSource(abort);
        try
        {
            await DeliverLeftOversAsync(leasing.Token);
            await registration.RegisterAsync(registration.Generation, leasing.Token);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Ok;
        }

        Task[] loops =
        [
            heartbeat.RunAsync(living.Token),
            session.RunAsync(living.Token),
            delivery.RunAsync(living.Token),
            leases.RunAsync(leasing.Token),
        ];
        try
        {
            // A loop ends before it is told to only by failing.
            await await Task.WhenAny(loops);
        }
        catch (OperationCanceledException)
        {
            await LeaveAsync(abort);
        }
        finally
        {
            await abandoning.CancelAsync();
            await living.CancelAsync();
        }

        return abort.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Ok;
    }

    public void Dispose()
    {
        // Ends what still runs, at once and with all its children.
        guardian.Dispose();
        outbox.Dispose();
        registration.Dispose();
        heartbeat.Dispose();
        leases.Dispose();
        abandoning.Dispose();
    }

    // An earlier run finished this and could not deliver it. Before this run registers, its leases are still the last ones granted.
    private async Task DeliverLeftOversAsync(CancellationToken cancellation)
    {
        if (!outbox.IsEmpty)
        {
            log.Write("delivering what the last run of this worker had finished");
            while (!outbox.IsEmpty && await delivery.TryDeliverAsync(cancellation))
            {
            }
        }
    }

    private void Take(LeasedTask lease)
    {
        var key = new LeaseKey(lease.TaskId, lease.Epoch);
        if (leaving)
        {
            running[key] = GiveBackAsync(key);
        }
        else if (held.Take(lease) is { } task)
        {
            log.Write($"{key}: leased from {lease.Queue}, attempt {lease.Attempt}");
            running[key] = Task.Run(() => WorkAsync(task));
        }
    }

    private async Task WorkAsync(HeldTask task)
    {
        var key = task.Key;
        try
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(task.Revoked, abandoning.Token);
            if (await process.RunAsync(task.Lease, task.TimedOut, ended.Token) is { } ending)
            {
                var outcome = OutcomeMapping.Judge(key, ending);
                tally.Count(ending, outcome);
                held.Finish(task);
                outbox.Add(outcome);
                return;
            }

            if (!task.Revoked.IsCancellationRequested)
            {
                await GiveBackAsync(key);
            }

            held.Drop(key);
        }
        finally
        {
            _ = running.TryRemove(key, out _);
        }
    }

    private async Task GiveBackAsync(LeaseKey key)
    {
        try
        {
            using var limit = new CancellationTokenSource(LastDelivery, clock);
            await client.ReleaseAsync(key, limit.Token);
            log.Write($"{key}: given back");
        }
        catch (Exception failure) when (failure is NodeUnreachable or NodeRefused or OperationCanceledException)
        {
            log.Write($"{key}: could not be given back: {failure.Message}");
        }
    }

    private async Task LeaveAsync(CancellationToken abort)
    {
        if (abort.IsCancellationRequested)
        {
            return;
        }

        leaving = true;
        heartbeat.Leaving = true;
        heartbeat.Hurry();
        log.Write(running.IsEmpty
            ? "stopping"
            : $"stopping: {running.Count} tasks may go on for {settings.DrainGrace.TotalSeconds:0.#} s, then they are given back");
        if (!await AllEndedAsync(settings.DrainGrace, abort))
        {
            await abandoning.CancelAsync();
            _ = await AllEndedAsync(settings.KillGrace + LastDelivery, abort);
        }

        await DeliverLastAsync(abort);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(abort);
            limit.CancelAfter(LastDelivery);
            await client.UnregisterAsync(limit.Token);
            log.Write("unregistered");
        }
        catch (Exception failure) when (failure is NodeUnreachable or NodeRefused or OperationCanceledException)
        {
            log.Write($"could not unregister: {failure.Message}");
        }
    }

    private async Task DeliverLastAsync(CancellationToken abort)
    {
        var until = clock.GetTimestamp();
        while (!outbox.IsEmpty && !abort.IsCancellationRequested && clock.GetElapsedTime(until) < LastDelivery)
        {
            await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(20), clock, abort));
        }
    }

    private async Task<bool> AllEndedAsync(TimeSpan within, CancellationToken abort)
    {
        try
        {
            await Task.WhenAll(running.Values).WaitAsync(within, clock, abort);
            return true;
        }
        catch (Exception ended) when (ended is TimeoutException or OperationCanceledException)
        {
            return running.IsEmpty;
        }
    }
}
