namespace Morag.Failover.Contracts.Fleet;

/// <summary>An entry in a node's log.</summary>
[ProtoContract]
public sealed record NodeLogLine
{
    /// <summary>The most bytes of a text. The rest is cut off.</summary>
    public const int MaxTextBytes = 4096;

    /// <summary>The most bytes of a source. The rest is cut off.</summary>
    public const int MaxSourceBytes = 256;

    /// <summary>Its number since the node started.</summary>
    [ProtoMember(1)] public required long Number { get; init; }

    /// <summary>When it was logged.</summary>
    [ProtoMember(2)] public required DateTimeOffset At { get; init; }

    /// <summary>Its severity.</summary>
    [ProtoMember(3)] public required LogSeverity Level { get; init; }

    /// <summary>What logged it: a category, or the path of an actor.</summary>
    [ProtoMember(4)] public required string Source { get; init; }

    /// <summary>The text, with the exception if there is one.</summary>
    [ProtoMember(5)] public required string Text { get; init; }
}
