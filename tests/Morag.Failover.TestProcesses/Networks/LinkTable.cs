namespace Morag.Failover.TestProcesses.Networks;

/// <summary>The directions between any two ends, by their numbers.</summary>
public sealed class LinkTable
{
    private readonly LinkDirection[][] directions;

    /// <summary>Creates a table in which nothing is cut or late.</summary>
    public LinkTable(int ends)
    {
        directions = [.. Enumerable.Range(0, ends).Select(_ => Enumerable.Range(0, ends).Select(_ => new LinkDirection()).ToArray())];
    }

    /// <summary>One direction.</summary>
    public LinkDirection this[int from, int to] => directions[from][to];

    /// <summary>The link of a connection, by who opened it and to whom.</summary>
    public (LinkDirection There, LinkDirection Back) Of(int client, int server) => (this[client, server], this[server, client]);

    /// <summary>What passes between two ends is late in both directions.</summary>
    public void SlowDown(int one, int other, TimeSpan delay)
    {
        this[one, other].Delay = delay;
        this[other, one].Delay = delay;
    }

    /// <summary>Nothing is cut or late any more.</summary>
    public void Heal()
    {
        foreach (var direction in directions.SelectMany(static row => row))
        {
            direction.Delay = TimeSpan.Zero;
            direction.Heal();
        }
    }
}
