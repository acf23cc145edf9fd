using System.Net;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Cli.Connection;

namespace Morag.Failover.Cli.Agents;

/// <summary>Keeps the worker registered: at the start, and whenever the node says that it does not know this agent.</summary>
internal sealed class AgentRegistration(WorkerClient client, string workerId, AgentLog log, TimeProvider clock) : IDisposable
{
    // Two agents with one id would go on replacing each other, and both would lose their work each time.
    private static readonly TimeSpan ReplacedAgainWithin = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim registering = new(1, 1);
    private long? replacedAt;

    /// <summary>Grows with each registration: who saw a refusal under an older one need not register again.</summary>
    public int Generation { get; private set; }

    /// <summary>
    /// Registers, and tries until it succeeds. Throws <see cref="CommandFailure"/> where the node says that the registration itself is wrong.
    /// </summary>
    public async Task RegisterAsync(int seen, CancellationToken cancellation)
    {
        await registering.WaitAsync(cancellation);
        try
        {
            var backoff = new Backoff(clock);
            while (Generation == seen)
            {
                try
                {
                    var message = await client.RegisterAsync(cancellation);
                    Generation++;
                    log.Write($"registered as {workerId}{(message.Length > 0 ? $": {message}" : "")}");
                }
                catch (NodeRefused refused) when (refused.Problem.Status is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity)
                {
                    throw new CommandFailure(ExitCode.Refused, $"the node refused the registration: {refused.Message}");
                }
                catch (Exception failure) when (failure is NodeUnreachable or NodeRefused)
                {
                    if (backoff.IsFirst)
                    {
                        log.Write($"cannot register yet: {failure.Message}");
                    }

                    await backoff.WaitAsync(cancellation);
                }
            }
        }
        finally
        {
            _ = registering.Release();
        }
    }

    /// <summary>
    /// Takes in a refusal of a call that was made under registration <paramref name="seen"/>: registers again where the node
    /// does not know this agent. Throws <see cref="CommandFailure"/> where that does not help.
    /// </summary>
    public async Task<bool> RenewAfterAsync(NodeRefused refused, int seen, CancellationToken cancellation)
    {
        if (refused.Problem.Status is not (HttpStatusCode.NotFound or HttpStatusCode.Conflict) || seen != Generation)
        {
            return false;
        }

        log.Write($"the node does not know this agent any more: {refused.Message}");
        if (refused.Problem.Status == HttpStatusCode.Conflict)
        {
            if (replacedAt is { } before && clock.GetElapsedTime(before) < ReplacedAgainWithin)
            {
                throw new CommandFailure(
                    ExitCode.Conflict,
                    $"another process goes on registering as worker {workerId}: this agent stops; give each agent its own --worker-id");
            }

            replacedAt = clock.GetTimestamp();
        }

        await RegisterAsync(seen, cancellation);
        return true;
    }

    public void Dispose() => registering.Dispose();
}
