using System.Collections.Immutable;
using Akka.Actor;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Owners;

namespace Morag.Failover.Node.Inspection;

/// <summary>
/// Reads the tree of the actors of this process while they run, so that the numbers may be slightly apart from each other.
/// </summary>
internal sealed class ActorTreeReader(ExtendedActorSystem system)
{
    /// <summary>The most children of one actor that are shown: those with the most waiting messages.</summary>
    private const int MaxChildren = 100;

    private readonly HeldCalls held = HeldCalls.Of(system);
    private int left = ActorTree.MaxActors - 1;

    /// <summary>The actor at a path such as <c>/user</c>, and what is below it; null if there is none.</summary>
    public ActorNode? Read(string? path)
    {
        IActorRef? top = system.Provider.RootGuardian;
        foreach (var name in (path ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            top = ChildrenOf(top).FirstOrDefault(child => child.Path.Name == name);
            if (top is null)
            {
                return null;
            }
        }

        return Shown(Measure(top));
    }

    private static IEnumerable<IActorRef> ChildrenOf(IActorRef? actor) => actor is ActorRefWithCell cell ? cell.Children : [];

    private Measured Measure(IActorRef actor)
    {
        var children = ChildrenOf(actor).Select(Measure).ToList();
        return new Measured(
            actor,
            actor is ActorRefWithCell { Underlying.IsTerminated: false } cell ? cell.Underlying.NumberOfMessages : 0,
            held.At(actor.Path),
            children,
            children.Sum(child => child.Actors + 1),
            children.Sum(child => child.Mailbox + child.Below));
    }

    private ActorNode Shown(Measured actor)
    {
        var chosen = actor.Children
            .OrderByDescending(child => child.Mailbox + child.Below + (child.Held ?? 0))
            .ThenBy(child => child.Actor.Path.Name, StringComparer.Ordinal)
            .Take(Math.Min(MaxChildren, left))
            .OrderBy(child => child.Actor.Path.Name, StringComparer.Ordinal)
            .ToList();
        left -= chosen.Count;
        var shown = chosen.Select(Shown).ToImmutableArray();
        return new ActorNode
        {
            Name = actor.Actor.Path.Elements.Count == 1 && actor.Actor.Path.Name.Length == 0
                ? "/"
                : TextBytes.First(actor.Actor.Path.Name, ActorTree.MaxNameBytes),
            Mailbox = actor.Mailbox,
            Stash = actor.Held,
            Actors = actor.Actors,
            MailboxesBelow = actor.Below,
            More = actor.Children.Count > shown.Length ? actor.Children.Count - shown.Length : null,
            Children = shown,
        };
    }

    private sealed record Measured(IActorRef Actor, int Mailbox, int? Held, List<Measured> Children, int Actors, int Below);
}
