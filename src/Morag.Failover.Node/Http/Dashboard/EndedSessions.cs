namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>
/// The sessions that were ended by signing out, until they would have ended anyway. Without them, a copy of a cookie would outlast its
/// session. Thread-safe.
/// </summary>
internal sealed class EndedSessions(TimeProvider clock)
{
    /// <summary>The most sessions that are kept. Beyond it, those are dropped that would end first.</summary>
    public const int Most = 10_000;

    private readonly Lock changing = new();
    private readonly Dictionary<string, DateTimeOffset> ended = new(StringComparer.Ordinal);

    private event Action<string>? Added;

    /// <summary>The sessions, each with the time at which it would have ended.</summary>
    public IReadOnlyList<KeyValuePair<string, DateTimeOffset>> All
    {
        get
        {
            lock (changing)
            {
                return [.. ended];
            }
        }
    }

    /// <summary>Ends a session. Returns whether it was not known to have ended.</summary>
    /// <param name="id">The id of the session.</param>
    /// <param name="until">When it would have ended.</param>
    public bool Add(string id, DateTimeOffset until)
    {
        lock (changing)
        {
            if (until <= clock.GetUtcNow() || !ended.TryAdd(id, until))
            {
                return false;
            }

            if (ended.Count > Most)
            {
                Drop();
            }
        }

        foreach (var watcher in Added?.GetInvocationList().Cast<Action<string>>() ?? [])
        {
            Tell(watcher, id);
        }

        return true;
    }

    /// <summary>Whether a session was ended.</summary>
    public bool Contains(string id)
    {
        lock (changing)
        {
            return ended.ContainsKey(id);
        }
    }

    /// <summary>Calls back with each session that is ended, until the result is disposed.</summary>
    public IDisposable Watch(Action<string> watcher)
    {
        Added += watcher;
        return new SessionWatch(() => Added -= watcher);
    }

    /// <summary>Calls back once a session is ended, also if it was before.</summary>
    public IDisposable Watch(string id, Action over)
    {
        var watch = Watch(other =>
        {
            if (other == id)
            {
                over();
            }
        });
        if (Contains(id))
        {
            over();
        }

        return watch;
    }

    private static void Tell(Action<string> watcher, string id)
    {
        try
        {
            watcher(id);
        }
        catch (ObjectDisposedException)
        {
            // The request that watched has just ended.
        }
    }

    private void Drop()
    {
        var now = clock.GetUtcNow();
        foreach (var over in ended.Where(session => session.Value <= now).Select(session => session.Key).ToList())
        {
            ended.Remove(over);
        }

        if (ended.Count > Most)
        {
            ended.Remove(ended.MinBy(session => session.Value).Key);
        }
    }

    private sealed class SessionWatch(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
