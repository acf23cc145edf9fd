using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Workers;

/// <summary>A worker from its registration to its end.</summary>
internal sealed class WorkerRuntime : IDisposable
{
    /// <summary>The time limit for the last calls of a worker that stops.</summary>
    private static readonly TimeSpan LastCalls = TimeSpan.FromSeconds(4);

    private readonly MoragWorkerOptions options;
    private readonly TimeProvider clock;
    private readonly WorkerLog log;
    private readonly WorkerCalls calls;
    private readonly InstanceRegistration registration;
    private readonly HeartbeatSender heartbeats;
    private readonly TaskExecutions executions;
    private readonly LeaseIntake intake;
    private readonly SessionListener session;

    public WorkerRuntime(
        IMoragTransport transport,
        MoragWorkerOptions options,
        Func<TaskRun, CancellationToken, Task<JsonText>> handle,
        ILogger logger,
        TimeProvider clock)
    {
        this.options = options;
        this.clock = clock;
        log = new WorkerLog(logger, new WorkerId(options.WorkerId), clock);
        calls = new WorkerCalls(transport, options.ToRegistration(new InstanceId(Guid.NewGuid().ToString("N"))), clock);
        var held = new HeldTasks(options.Slots, clock);
        var tally = new WorkerTally();
        registration = new InstanceRegistration(calls, log, clock);
        heartbeats = new HeartbeatSender(calls, registration, held, tally, options.HeartbeatInterval, log, clock);
        executions = new TaskExecutions(calls, held, tally, new OutcomeReporter(calls, log, clock), options, handle, log, clock);
        intake = new LeaseIntake(calls, registration, held, executions, log, clock);
        session = new SessionListener(calls, registration, held, heartbeats, intake, log, clock);
    }

    /// <summary>Works until told to stop. Then it finishes or gives back its tasks, and unregisters.</summary>
    /// <exception cref="WorkerIdInUseException">Another process works under this id.</exception>
    /// <exception cref="MoragInvalidException">The cluster rejects the registration.</exception>
    /// <exception cref="MoragAccessDeniedException">The token may not be sent, because a proxy could read it.</exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            await RunUntilAsync(stopping);
        }
        catch (TokenExposed failure)
        {
            throw new MoragAccessDeniedException(failure.Message, failure);
        }
    }

    public void Dispose()
    {
        registration.Dispose();
        heartbeats.Dispose();
        executions.Dispose();
        intake.Dispose();
    }

    private async Task RunUntilAsync(CancellationToken stopping)
    {
        await registration.RegisterAsync(0, stopping);
        using var ending = new CancellationTokenSource();
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(stopping, ending.Token);
        var leasing = RestartOnDefectAsync("lease", intake.RunAsync, leaving.Token);
        Task[] loops =
        [
            leasing,
            RestartOnDefectAsync("heartbeat", heartbeats.RunAsync, ending.Token),
            RestartOnDefectAsync("session", session.RunAsync, ending.Token),
        ];
        var first = await Task.WhenAny(loops);
        if (first.IsFaulted)
        {
            await leaving.CancelAsync();
            await executions.CancelAllAsync();
        }

        // The heartbeats keep the leases until the tasks are done.
        await leasing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await DrainAsync();

        // No loop runs any more when the worker unregisters: it would find the worker unknown, and register it again.
        await ending.CancelAsync();
        await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Array.Find(loops, static loop => loop.IsFaulted) is { } failed)
        {
            // Not unregistered: another instance may work under this id by now.
            await failed;
        }

        await UnregisterAsync();
    }

    private async Task DrainAsync()
    {
        heartbeats.Leaving = true;
        heartbeats.Hurry();
        log.Stops(executions.Count, options.DrainTimeout);
        if (!await executions.WaitForAllAsync(options.DrainTimeout))
        {
            await executions.CancelAllAsync();
            _ = await executions.WaitForAllAsync(options.AbandonTimeout + LastCalls);
        }

        await executions.GiveUpAsync();
        _ = await executions.WaitForAllAsync(LastCalls);
    }

    private async Task UnregisterAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(LastCalls, clock);
            await calls.UnregisterAsync(limit.Token);
            log.Signal("unregistered");
        }
        catch (Exception failure) when (failure is MoragException or TokenExposed or OperationCanceledException)
        {
            // The cluster notices that the worker is gone, and hands out its tasks a little later.
            log.Trouble("unregister", failure);
        }
    }

    // A defect in one loop must not end the worker and its running tasks.
    [SuppressMessage("Design", "CA1031", Justification = "it is logged, and the loop starts again")]
    private async Task RestartOnDefectAsync(string name, Func<CancellationToken, Task> loop, CancellationToken cancellation)
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
                log.LoopFailed(name, failure);
                await backoff.WaitAsync(cancellation);
            }
        }
    }
}
