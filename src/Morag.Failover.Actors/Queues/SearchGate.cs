namespace Morag.Failover.Actors.Queues;

/// <summary>
/// Limits how many searches of a node run at once to half its cores, at least one, so that searches leave room for heartbeats and leases.
/// Others wait in the order in which they came.
/// </summary>
internal sealed class SearchGate : IExtension
{
    /// <summary>The most searches that wait.</summary>
    public const int MostWaiting = 256;

    private readonly int mostRunning = Math.Max(1, Environment.ProcessorCount / 2);
    private readonly Queue<Action<Action>> waiting = new();
    private int running;

    /// <summary>The gate of a node.</summary>
    public static SearchGate Of(ActorSystem system) => system.WithExtension<SearchGate, Provider>();

    /// <summary>Starts a search now, or when others are done.</summary>
    /// <param name="start">Starts the search, which calls its argument once when it is done. It must not throw.</param>
    /// <returns>Whether the search was accepted; false if too many wait.</returns>
    public bool TryRun(Action<Action> start)
    {
        lock (waiting)
        {
            if (running == mostRunning)
            {
                if (waiting.Count < MostWaiting)
                {
                    waiting.Enqueue(start);
                    return true;
                }

                return false;
            }

            running++;
        }

        start(Done);
        return true;
    }

    private void Done()
    {
        Action<Action>? next;
        lock (waiting)
        {
            if (!waiting.TryDequeue(out next))
            {
                running--;
                return;
            }
        }

        next(Done);
    }

    private sealed class Provider : ExtensionIdProvider<SearchGate>
    {
        public override SearchGate CreateExtension(ExtendedActorSystem system) => new();
    }
}
