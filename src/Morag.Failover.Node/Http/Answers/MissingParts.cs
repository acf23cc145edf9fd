namespace Morag.Failover.Node.Http.Answers;

/// <summary>
/// The parts of the state that an answer lacks, because they did not answer in time. A call that has this as a feature shows what there is
/// and names the rest. Its queries may run side by side.
/// </summary>
internal sealed class MissingParts
{
    private readonly Lock gate = new();
    private readonly List<string> names = [];

    /// <summary>Their names for people, in the order in which they were missed.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            lock (gate)
            {
                return [.. names];
            }
        }
    }

    public bool Contains(string name)
    {
        lock (gate)
        {
            return names.Contains(name);
        }
    }

    public void Add(IEnumerable<string> parts)
    {
        lock (gate)
        {
            names.AddRange(parts.Except(names).ToList());
        }
    }
}
