using Akka.Cluster.Sharding;
using Morag.Failover.Actors.Hosting;

namespace Morag.Failover.Actors.Tests.Hosting;

/// <summary>Shards that an operator moves.</summary>
public sealed class ShardMovesSpecs : Akka.TestKit.Xunit2.TestKit
{
    private readonly ShardMoves moves;
    private readonly SteeredAllocation allocation;
    private readonly IActorRef here;
    private readonly IActorRef there;
    private TimeSpan elapsed;

    public ShardMovesSpecs()
    {
        moves = new ShardMoves(() => elapsed);
        var self = new Address("akka.tcp", "morag", "10.0.0.1", 4053);
        allocation = new SteeredAllocation("worker", moves, new NeverMoves(), self);
        here = CreateTestProbe().Ref;
        there = new NamedRef(new RootActorPath(new Address("akka.tcp", "morag", "10.0.0.2", 4053)) / "system" / "sharding" / "worker");
        moves.Ask(new MoveShards
        {
            Region = "worker",
            Moves = [new ShardMove { Shard = "1", From = "10.0.0.1:4053", To = "10.0.0.2:4053" }],
        });
    }

    [Fact]
    public async Task Should_stop_the_shard_and_start_it_on_the_chosen_node()
    {
        Assert.Equal(["1"], await allocation.Rebalance(Places(["1", "2"], ["3"]), []));
        Assert.Equal(there, await allocation.AllocateShard(here, "1", Places(["2"], ["3"])));
        Assert.Empty(await allocation.Rebalance(Places(["2"], ["3", "1"]), []));
    }

    [Fact]
    public async Task Should_leave_other_shards_to_the_usual_strategy()
    {
        Assert.Equal(here, await allocation.AllocateShard(here, "2", Places(["1"], ["3"])));
        Assert.Null(moves.TargetOf("queue", "1"));
    }

    [Fact]
    public async Task Should_not_stop_a_shard_twice_while_it_moves() =>
        Assert.Empty(await allocation.Rebalance(Places(["1"], []), ImmutableHashSet.Create("1")));

    [Fact]
    public async Task Should_give_up_when_the_node_is_gone_or_the_time_is_over()
    {
        elapsed = ShardMoves.Lifetime;
        Assert.Empty(await allocation.Rebalance(Places(["1"], []), []));
        elapsed = TimeSpan.Zero;
        Assert.Equal(here, await allocation.AllocateShard(here, "1", Places([], [])));
    }

    [Fact]
    public async Task Should_forget_the_move_when_the_node_has_left()
    {
        var withoutIt = ImmutableDictionary<IActorRef, IImmutableList<string>>.Empty.Add(here, ImmutableList.Create("1"));
        Assert.Empty(await allocation.Rebalance(withoutIt, []));
        Assert.Null(moves.TargetOf("worker", "1"));
    }

    private ImmutableDictionary<IActorRef, IImmutableList<string>> Places(string[] onThis, string[] onOther) =>
        ImmutableDictionary<IActorRef, IImmutableList<string>>.Empty
            .Add(here, onThis.ToImmutableList())
            .Add(there, onOther.ToImmutableList());

    [Fact]
    public void Should_start_the_usual_strategy_with_the_actor_system()
    {
        var usual = new NeverMoves();

        new SteeredAllocation("worker", moves, usual, new Address("akka.tcp", "morag", "10.0.0.1", 4053)).Start(Sys);

        Assert.Same(Sys, usual.StartedWith);
    }

    private sealed class NeverMoves : IActorSystemDependentAllocationStrategy
    {
        public ActorSystem? StartedWith { get; private set; }

        public void Start(ActorSystem system) => StartedWith = system;

        public Task<IActorRef> AllocateShard(
            IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations) =>
            Task.FromResult(requester);

        public Task<IImmutableSet<string>> Rebalance(
            IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress) =>
            Task.FromResult<IImmutableSet<string>>(ImmutableHashSet<string>.Empty);
    }

    private sealed class NamedRef(ActorPath path) : MinimalActorRef
    {
        public override ActorPath Path => path;

        public override IActorRefProvider Provider => throw new NotSupportedException();
    }
}
