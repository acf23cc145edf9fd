namespace Morag.Failover.Processes.Tests.Networks;

/// <summary>What the network drops. Every node still reaches Redis.</summary>
public sealed record Cut(string Name, int Nodes, IReadOnlyList<(int From, int To)> Dropped, IReadOnlyList<int[]> Survivors)
{
    /// <summary>A quick choice of all kinds.</summary>
    public static IReadOnlyList<Cut> Few { get; } =
    [
        // Nodes that lose each other are both downed if a third one sees both; here nobody is left who does.
        OneWay("two nodes, one way", 2, [0], [1], [[0], [1]]),
        BothWays("three nodes, two and one", 3, [0, 1], [2], [[0, 1]]),
    ];

    /// <summary>All others.</summary>
    public static IReadOnlyList<Cut> More { get; } =
    [
        BothWays("two nodes", 2, [0], [1], [[0], [1]]),
        BothWays("three nodes, the oldest alone", 3, [0], [1, 2], [[1, 2]]),
        OneWay("three nodes, one does not hear", 3, [0, 1], [2], [[0, 1]]),
        OneWay("three nodes, one is not heard", 3, [2], [0, 1], [[0, 1]]),
        // Of the two, the one without the lease downs every node that it reaches. If the third one hears of that in time, it ends too.
        OneWay("three nodes, two of which lose each other one way", 3, [0], [1], [[2], []]),
        BothWays("three nodes, all alone", 3, [0], [1, 2], [[0], [1], [2]]).And(BothWays("", 3, [1], [2], [])),
        BothWays("five nodes, three and two", 5, [0, 1], [2, 3, 4], [[2, 3, 4]]),
        OneWay("five nodes, two are not heard", 5, [0, 1], [2, 3, 4], [[2, 3, 4]]),
    ];

    /// <summary>
    /// One cut for each other strategy of the split brain resolver. With down-all, every node ends, except on a side that notices the end
    /// of the other one before it decides.
    /// </summary>
    public static IReadOnlyList<Cut> OfOtherStrategies { get; } =
    [
        BothWays("keep-majority: two nodes", 2, [0], [1], [[0]]).With("keep-majority"),
        BothWays("keep-majority: three nodes, the oldest alone", 3, [0], [1, 2], [[1, 2]]).With("keep-majority"),
        BothWays("static-quorum: three nodes, the oldest alone", 3, [0], [1, 2], [[1, 2]])
            .With("static-quorum", "static-quorum.quorum-size = 2"),
        BothWays("keep-oldest: four nodes, the oldest and another one", 4, [0, 1], [2, 3], [[0, 1]]).With("keep-oldest"),
        BothWays("keep-oldest: three nodes, the oldest alone", 3, [0], [1, 2], [[1, 2]]).With("keep-oldest"),
        BothWays("down-all: three nodes, two and one", 3, [0, 1], [2], [[], [2], [0, 1]]).With("down-all"),
    ];

    /// <summary>Nodes that die, whose loss would stop the rest if the strategy of the split brain resolver decided about it.</summary>
    public static IReadOnlyList<(Cut Strategy, int[] Killed)> Deaths { get; } =
    [
        (new Cut("keep-majority: two nodes, the lowest address", 2, [], []).With("keep-majority"), [0]),
        (new Cut("static-quorum: three nodes, two of them", 3, [], []).With("static-quorum", "static-quorum.quorum-size = 2"), [1, 2]),
        (new Cut("keep-oldest: three nodes, the oldest and another one", 3, [], []).With("keep-oldest"), [0, 1]),
        (new Cut("down-all: two nodes, one of them", 2, [], []).With("down-all"), [1]),
    ];

    /// <summary>All cuts.</summary>
    public static IReadOnlyList<Cut> All => [.. Few, .. More, .. OfOtherStrategies];

    /// <summary>HOCON of the strategy of the split brain resolver; empty for the default.</summary>
    public string Strategy { get; private init; } = "";

    /// <inheritdoc />
    public override string ToString() => Name;

    private static Cut BothWays(string name, int nodes, int[] some, int[] others, IReadOnlyList<int[]> survivors) =>
        OneWay(name, nodes, some, others, survivors).And(OneWay(name, nodes, others, some, survivors));

    private static Cut OneWay(string name, int nodes, int[] from, int[] to, IReadOnlyList<int[]> survivors) =>
        new(name, nodes, [.. from.SelectMany(one => to.Select(other => (one, other)))], survivors);

    private Cut And(Cut other) => this with { Dropped = [.. Dropped, .. other.Dropped] };

    private Cut With(string strategy, string setting = "") => this with
    {
        Strategy = $$"""

            akka.cluster.split-brain-resolver {
              active-strategy = {{strategy}}
              {{setting}}
            }
            """,
    };
}
