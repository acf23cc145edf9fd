global using System.Collections.Immutable;
global using Akka.Actor;
global using Morag.Failover.Contracts.Ids;
global using Morag.Failover.Contracts.Wire;
global using Morag.Failover.Domain.Owners;
